function on_message(msg)
  if type(msg.quote) == "tabel" then msg:reply("x") end
end

-- want 2:25: warning: this is always false: the value is "nil", "number", "string", "boolean", "table", "function", "userdata" or "thread"; did you mean table?
