ilink.hears("^hello", function(msg) msg:reply("Hello.") end)
ilink.hears({ ".*", "x" }, function(msg) msg:reply("What?") end)
ilink.hears("^bye", function(msg) msg:reply("Bye.") end)

function on_message(msg) msg:reply("never") end

-- want 3:13: warning: this never hears anything: line 2 takes all messages
-- want 5:10: warning: on_message is never called: ilink.hears in line 2 takes all messages
