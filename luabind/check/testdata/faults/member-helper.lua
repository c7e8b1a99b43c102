local function answer(m)
  m:repply("x")
end

function on_message(msg)
  answer(msg)
end

-- want 2:5: error: an ilink.Message has no repply; did you mean reply?
