ilink.use(function(msg) print(msg.text) end)
ilink.use(function(msg, next) if msg.text ~= "" then next() end end)
ilink.use(function(msg, next) print(msg.text) end)

function on_message(msg) msg:reply("never") end

-- want 1:11: warning: no message gets past this function: it is to call next(), its second parameter
-- want 3:11: warning: no message gets past this function: it is to call next(), its second parameter
