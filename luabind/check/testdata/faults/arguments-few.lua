function on_message(msg)
  ilink.send("Hello")
end

-- want 2:9: error: ilink.send needs at least 2 arguments (to, content, ...), and gets 1
