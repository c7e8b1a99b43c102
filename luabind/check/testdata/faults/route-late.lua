function on_message(msg)
  ilink.command("/weather", function(m) m:reply("Sunny.") end)
end

-- want 2:9: error: ilink.command works while the script is loaded only, and not in on_message: move it out
