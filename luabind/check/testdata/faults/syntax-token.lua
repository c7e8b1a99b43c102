function on_message(msg)
  msg:reply("a" "b")
  local x = = 1
end

-- want 2:17: error: syntax error near 'b'
