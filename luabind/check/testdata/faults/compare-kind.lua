function on_message(msg)
  if msg.kind == "picture" then msg:reply("Nice.") end
end

-- want 2:18: warning: this is always false: msg.kind is "text", "image", "voice", "file", "video", "tool_call_start", "tool_call_result" or "unknown"
