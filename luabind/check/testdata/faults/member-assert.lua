function on_message(msg)
  local file = assert(msg:download())
  msg:reply("got " .. file.bytes .. " bytes")
end

-- want 3:28: error: an ilink.Media has no bytes
