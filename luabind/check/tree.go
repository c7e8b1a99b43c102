package check

// The tree of a source, with the place of each name. Scopes are resolved while it
// is made: a name knows its variable.

// expr is an expression.
type expr interface{ pos() int }

// place is an expression's: the byte offset at which it begins, or for an index
// and a call that of the last name in it.
type place int

func (p place) pos() int { return int(p) }

type (
	// constant is nil, true, false, or a number as it is written.
	constant struct {
		place
		text   string
		number bool
	}
	// text is a string's.
	text struct {
		place
		value string
	}
	// varargs is "...".
	varargs struct{ place }
	// name is a variable.
	name struct {
		place
		*variable
	}
	// index is base.key or base[key]; key is nil for a dynamic one.
	index struct {
		place
		base     expr
		key      *string
		brackets expr // what is in the brackets, if it was written so
		// tested says that it is asked whether there is such a field, and plain that its
		// value isn't used at once: nil does.
		tested, plain bool
	}
	// call is fn(args) or, with a method, fn:method(args).
	call struct {
		place
		fn       expr
		method   string
		methodAt int
		args     []expr
		in       *function
	}
	// function is a function's body.
	function struct {
		place
		params  []*variable
		self    *variable // of a method's definition
		varargs bool
		body    []stmt
		outer   *function
		// calledAs is the variable that it was assigned to, nil if it is something else.
		calledAs *variable
		// argOf is the call that it is an argument of, and argIndex which.
		argOf    *call
		argIndex int
	}
	// table is a table's constructor.
	table struct {
		place
		fields []field
	}
	// binary is an operator with two operands, unary one with one.
	binary struct {
		place
		op          string
		left, right expr
	}
	unary struct {
		place
		op   string
		expr expr
	}
	// paren is an expression in brackets, which has one value.
	paren struct {
		place
		expr expr
	}
)

// field is one of a table's: with a name, with another key, or neither.
type field struct {
	at    int
	name  string
	key   expr
	value expr
}

// stmt is a statement.
type stmt interface{}

type (
	// localStmt declares variables. Their values are exprs.
	localStmt struct {
		vars  []*variable
		exprs []expr
	}
	// assignStmt assigns; a function's definition is one too.
	assignStmt struct {
		at      int
		targets []expr
		exprs   []expr
	}
	callStmt struct{ call *call }
	// block is do, while, repeat, if and for: its parts are run or not.
	block struct {
		conditions []expr
		bodies     [][]stmt
		// loop are the variables of a for, whose values come from conditions.
		loop    []*variable
		generic bool
		repeats bool // it is a repeat, whose body is run first
	}
	returnStmt struct{ exprs []expr }
)

// variable is a local, a parameter or a global.
type variable struct {
	name   string
	global bool
	at     int // where a local is declared

	// param says that it is a parameter of fn, the index-th.
	fn    *function
	index int
	// decl is the statement that declares a local, of which it is the index-th.
	decl *localStmt
	// loop is the for whose index-th variable it is.
	loop *block

	// assigned are the assignments beside the declaration.
	assigned []assignment
	uses     []use
}

// assignment is one to a variable.
type assignment struct {
	file  *file
	at    int
	in    *function // nil for the file's top level
	value expr      // nil if it isn't known
	// defines says that it is "function name() … end".
	defines bool
	// sure says that it is at the top level and in no block.
	sure bool
}

// use is one of a variable's value.
type use struct {
	file *file
	at   int
	in   *function
	// callee is the call of it, arg one of which it is the argIndex-th argument.
	callee, arg *call
	argIndex    int
	// indexed says that a field of it is asked for.
	indexed bool
	// operand says that it is calculated with or compared by size.
	operand bool
	// tested says that it is asked whether there is such a thing.
	tested bool
}
