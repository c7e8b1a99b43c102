function on_message(msg)
  msg:reply("one moment")
  local n = kv.incr("n")
  local _, err = llm.chat { url = "https://llm.example.org/v1", model = "small", prompt = "x" }
  msg:reply(n .. " " .. err.kind)
end
