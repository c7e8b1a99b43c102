-- It defines nothing.
local x = 1
print(x)

-- want 1:1: warning: the script defines no on_message, and so answers nothing: add function on_message(msg) … end
