function on_message(msg)
  local result = msg:reply("x")
  if result and result.status == "defered" then print("later") end
end

-- want 3:34: warning: this is always false: result.status is "sent", "deferred" or "unconfirmed"; did you mean deferred?
