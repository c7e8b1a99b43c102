function on_message(msg)
  if msg.text == "x" then
    msg:reply("y")
end

-- want 6:1: error: the file ends too early: an 'end', 'until' or closing bracket may be missing
