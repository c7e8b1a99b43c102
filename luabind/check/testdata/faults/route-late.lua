function on_message(msg)
  ilink.command("/weather", function(m) m:reply("Sunny.") end)
end

-- want 2:9: error: ilink.command works while the script is loaded only, and not in on_message: move it out

ilink.command("/daily", function(msg)
  ilink.every("@daily", function() ilink.send(msg.from, "Good morning!") end)
end)

-- want 8:9: error: ilink.every works while the script is loaded only, and not in the function of ilink.command: move it out
