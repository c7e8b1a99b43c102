local count = 0
function on_message(msg)
  count += 1
  msg:reply("You are number " .. count)
end

-- want 3:9: error: parse error near '+'; write x = x + y
