-- Asks a model, whose service has its own ways.
function on_message(msg)
  local city = { description = "The weather in a city", parameters = { city = "the city's name" }, call = function(args) return args.city end }
  local answer, err = llm.reply(msg, { url = "https://api.example.org/v1", model = "small", tools = { weather = city } })
  if not answer then msg:reply(err.kind .. ": " .. err.message) end
end
