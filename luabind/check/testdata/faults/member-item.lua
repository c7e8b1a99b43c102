function on_message(msg)
  for _, item in ipairs(msg.items) do
    if item.media then print(item.media.filename) end
  end
end

-- want 3:41: error: an ilink.Media has no filename
