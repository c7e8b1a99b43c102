function on_message(msg) msg:reply("x") end
function on_session_expired(info) print(info.reason) end

-- want 2:46: error: an ilink.SessionInfo has no reason
