function on_message(msg)
  if msg.quote ~= null then msg:reply("x") end
end

-- want 2:19: warning: nothing defines null; in Lua it is nil
