--- loading without end | load
while true do end
--- loading that sends | load
msg:reply("x")
--- loading that recurses | load
local function f() return 1 + f() end f()
--- loading that requires itself | load
require("hazard1") require("hazard2") require("hazard")
--- loading nothing | load
local x = 1
--- loading a hook that is none | load
on_message = 5
--- loading with a syntax error | load
function on_message(msg
--- loading a long chain of sums | load fine | source=sum
--- loading a long chain of concats | load fine | source=concat
--- loading nested tables | load fine | source=tables
--- loading nested parentheses | load fine | source=parentheses
--- loading nested functions | load fine | source=functions
--- loading nested blocks | load fine | source=blocks
--- loading nested calls | load fine | source=calls
--- loading nested indexes | load fine | source=indexes
--- loading nested nots | load fine | source=nots
--- loading nested minus | load fine | source=minus
--- loading nested ands | load fine | source=ands
--- loading nested comparisons | load fine | source=comparisons
--- loading nested powers | load fine | source=powers
--- loading a long elseif | load fine | source=elseif
--- loading many locals | load fine | source=locals
--- loading many upvalues | load fine | source=upvalues
--- loading many constants | load fine | source=constants
--- loading many parameters | load fine | source=parameters
--- loading many arguments | load fine | source=arguments
--- loading many fields | load fine | source=fields
--- loading many functions | load fine | source=many functions
--- loading many labels | load fine | source=labels
--- loading a long string | load fine | source=string
--- loading a long comment | load fine | source=comment
--- loading an unfinished comment | load fine | source=unfinished comment
--- loading long brackets | load fine | source=brackets
--- loading a long number | load fine | source=number
--- loading a long name | load fine | source=name
--- loading binary | load fine | source=binary
--- loading bytecode | load fine | source=bytecode
--- loading zeros | load fine | source=zeros
--- loading too much | load | source=much
