function on_message(msg) msg:reply("x") end
function on_error(err, msg)
  print(err.messge, msg.txt)
end

-- want 3:13: error: an ilink.HandlerError has no messge; did you mean message?
-- want 3:25: error: an ilink.Message has no txt; did you mean text?
