function answer(msg) msg:reply("x") end
function answer(msg) msg:reply("y") end
function on_message(msg) answer(msg) end

-- want 2:10: warning: answer is defined twice: this one takes the place of that in line 1
