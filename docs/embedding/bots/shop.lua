-- shop.lua
ilink.command("/order", function(msg, args)
  local item = args[1]
  if not item then return msg:reply("Order what? As in: /order tea") end
  local left, err = stock.order(item, { count = tonumber(args[2]) })
  if not left then return msg:reply("Sorry: " .. err) end
  msg:reply("Done. " .. left .. " are left.")
end, "ITEM COUNT  orders something")

function on_message(msg)
  msg:reply("There are " .. stock.count(msg.text) .. " of that. To order: /order")
end
