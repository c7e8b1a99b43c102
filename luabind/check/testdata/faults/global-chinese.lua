function on_message(msg)
  msg:reply("你好 👋" .. nmae)
end

-- want 2:23: error: nothing defines nmae
