ilink.command("/weather", function(msg) msg:reply("Sunny.") end)
ilink.command("/help", function(msg) msg:reply("No.") end, "what there is")
ilink.command("/Weather", function(msg) msg:reply("Rainy.") end)

-- want 3:15: error: the command /Weather is there already, in line 1
