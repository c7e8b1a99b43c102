function on_message(msg)
  msg:reply("x")
  function on_interrupt(msg) return true end
end

-- want 3:12: error: on_interrupt is defined inside on_message, and so not when the script is loaded: move it out
