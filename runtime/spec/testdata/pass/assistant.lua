function on_message(msg)
  local _, err = llm.reply(msg, {
    url = "https://llm.example.org/v1", model = "small", key = env.KEY, stream = msg.text ~= "plain",
    tools = { weather = { description = "the weather", call = function() return "sunny" end } },
  })
  if err then msg:reply("Sorry: " .. err.kind) end
end
