ilink.hears({ kind = "picture" }, function(msg) msg:reply("Nice.") end)
ilink.hears({ kin = "image" }, function(msg) msg:reply("Nice.") end)

-- want 1:22: error: ilink.hears: kind is "text", "image", "voice", "file", "video", "tool_call_start", "tool_call_result" or "unknown", not "picture"
-- want 2:15: error: ilink.hears doesn't know the field kin; did you mean kind?
