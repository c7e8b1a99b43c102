function on_message(msg)
  msg:reply(tostring(loadstring("return " .. msg.text)()))
end

-- want 2:22: error: loadstring doesn't exist in bots: put the code into a file of its own and require it
