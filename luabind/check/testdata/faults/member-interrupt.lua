function on_message(msg) msg:reply("x") end
function on_interrupt(later)
  return later.message == "stop"
end

-- want 3:16: error: an ilink.Message has no message; it is text
