function on_message(msg)
  local f = io.open("x.txt")
  msg:reply(f:read("*a"))
end

-- want 2:13: error: io doesn't exist in bots: msg:download and media:save keep files, print writes to the log
