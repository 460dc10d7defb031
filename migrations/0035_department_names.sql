-- Departments are found anywhere below a portal by the beginning of their names.
CREATE INDEX accounts_department_name_idx ON accounts (name_fold, id) WHERE kind = 'department';
