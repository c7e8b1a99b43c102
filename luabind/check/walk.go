package check

// walk calls visit with each statement and expression of a file.
func walk(f *file, visit func(node any)) {
	v := visitor(visit)
	v.stmts(f.main.body)
}

type visitor func(node any)

func (v visitor) stmts(list []stmt) {
	for _, s := range list {
		v(s)
		switch s := s.(type) {
		case *localStmt:
			v.exprs(s.exprs)
		case *assignStmt:
			v.exprs(s.targets)
			v.exprs(s.exprs)
		case *callStmt:
			v.expr(s.call)
		case *block:
			v.exprs(s.conditions)
			for _, b := range s.bodies {
				v.stmts(b)
			}
		case *returnStmt:
			v.exprs(s.exprs)
		}
	}
}

func (v visitor) exprs(list []expr) {
	for _, e := range list {
		v.expr(e)
	}
}

func (v visitor) expr(e expr) {
	v(e)
	switch e := e.(type) {
	case *index:
		v.expr(e.base)
		if e.brackets != nil {
			v.expr(e.brackets)
		}
	case *call:
		v.expr(e.fn)
		v.exprs(e.args)
	case *function:
		v.stmts(e.body)
	case *table:
		for _, f := range e.fields {
			if f.key != nil {
				v.expr(f.key)
			}
			v.expr(f.value)
		}
	case *binary:
		v.expr(e.left)
		v.expr(e.right)
	case *unary:
		v.expr(e.expr)
	case *paren:
		v.expr(e.expr)
	}
}
