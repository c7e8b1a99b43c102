function on_message(msg)
  ilink.log.warning("x")
end

-- want 2:13: error: ilink.log.warning doesn't exist
