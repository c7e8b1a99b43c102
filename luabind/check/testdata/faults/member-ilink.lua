function on_message(msg)
  ilink.sned(msg.from, "x")
end

-- want 2:9: error: ilink.sned doesn't exist; did you mean ilink.send?
