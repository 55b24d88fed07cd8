-- The number of a refund, drawn when it has succeeded. Null before, and in what an earlier release finished, until
-- numbered by the job `number-refunds`. No row that is there breaks the constraint, so none is looked at.
alter table refund add column number text, add column issued_at timestamptz(3);
alter table refund add constraint refund_number_issued
  check ((number is null) = (issued_at is null) and (number is null or status = 'DONE')) not valid;
