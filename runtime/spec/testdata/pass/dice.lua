function on_message(msg) msg:reply(math.random(1000000) .. " " .. random.int(1, 1000000)) end
