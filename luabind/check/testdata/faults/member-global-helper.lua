function answer(m, text)
  m:replay(text)
end

function on_message(msg)
  answer(msg, "x")
end

-- want 2:5: error: an ilink.Message has no replay; did you mean reply?
