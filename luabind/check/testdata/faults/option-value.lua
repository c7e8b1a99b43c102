function on_message(msg)
  msg:reply("Look", { mode = "later" })
end

-- want 2:30: error: msg:reply: mode is "defer", "fail" or "nudge", not "later"
