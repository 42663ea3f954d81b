"""What people read: cards, charts, pages and the workbook."""
