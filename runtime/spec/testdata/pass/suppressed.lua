local lost = 0
function on_suppressed(info)
  lost = lost + 1
  ilink.send("operator", info.user .. " gets nothing: " .. info.message)
end

function on_message(msg)
  if msg.text == "push" then return ilink.send("alice", "news") end
  local result = msg:reply(msg.text)
  ilink.log(result.status, result.reason, lost)
end
