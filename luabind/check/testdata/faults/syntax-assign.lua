-- want 4:15: error: syntax error near '='; == compares, = assigns

function on_message(msg)
  if msg.text = "tea" then msg:reply("Coming.") end
end
