function on_message(msg)
  local f = io.open("x.txt")
  msg:reply(f:read("*a"))
end

-- want 2:13: error: io doesn't exist in bots…
