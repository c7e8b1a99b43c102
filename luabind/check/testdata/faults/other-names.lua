-- want 8:7: error: ilink.on_message doesn't exist; write function on_message(…) … end
-- want 11:7: error: an ilink.Message has no send; it is reply
-- want 11:16: error: an ilink.Message has no content; it is text
-- want 12:3: error: nothing defines sleep…
-- want 13:9: error: ilink.schedule doesn't exist; it is every

-- Names of other libraries for bots.
ilink.on_message(function() end)

function on_message(msg)
  msg:send(msg.content)
  sleep(5)
  ilink.schedule("@daily", print)
end
