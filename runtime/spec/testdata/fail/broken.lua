function on_message(msg)
  if msg.text == "crash" then
    ilink.log("about to crash")
    local t
    return t.x
  end
  msg:reply("one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\n" .. msg.text)
end
