local function answer(msg) msg:reply("x") end
function on_message(msg) msg:reply("y") end

-- want 1:16: warning: nothing uses the function answer
