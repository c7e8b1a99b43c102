function on_message(msg)
  ilink:send(msg.from, "x")
end

-- want 2:9: error: ilink:send is called with a dot: ilink.send(…)
