function on_message(msg)
  if msg.text == "stream" then
    local stream, err = http.stream("https://llm.example.org/v1", { json = { q = 1 } })
    if not stream then return msg:reply("no stream: " .. err.kind) end
    local parts = {}
    for event in stream:events() do parts[#parts + 1] = event.data end
    return msg:reply(table.concat(parts, "|"))
  end
  local res, err = http.get("https://api.example.org/weather", { query = { city = msg.text } })
  if not res then return msg:reply("no weather: " .. err.kind) end
  if not res.ok then return msg:reply("error " .. res.status) end
  msg:reply(res:json().temperature .. " °C")
end
