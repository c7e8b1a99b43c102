function on_message(msg)
  if msg.text == 5 then msg:reply("five") end
end

-- want 2:15: warning: this is always false: msg.text is a string and never a number
