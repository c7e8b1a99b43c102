function on_message(msg)
  local result, err = msg:reply("x")
  if not result then print(err.reason) elseif result.state == "deferred" then print("later") end
end

-- want 3:32: error: an ilink.Failure has no reason
-- want 3:54: error: an ilink.SendResult has no state; did you mean status?
