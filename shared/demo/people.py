"""Made-up names, addresses and numbers. Telephone numbers are from the 555-01xx range, which is never assigned."""

from __future__ import annotations

GIRLS = (
    "Ava Maya Zoe Lena Iris Nora Ruby Elsa June Clara Hazel Alma Vera Ada Lucia Sofia Camila Valeria Paloma Ines Priya Anika "
    "Mei Yuna Amara Imani Nia Leila Yasmin Freya Tessa Greta Wren Joan Ivy Pearl Esme Thea Dahlia Marisol"
).split()
BOYS = (
    "Leo Milo Theo Owen Jude Ezra Felix Hugo Oscar Silas Arlo Otis Amos Dean Reid Mateo Diego Santiago Emilio Rafael Arjun Rohan "
    "Kenji Min Kofi Jabari Omar Karim Elias Soren Anders Ivan Tobias Clyde Rex Cole Beck Ansel Ruben Cruz"
).split()
PARENTS = (
    "Dana Erin Robin Jamie Casey Jordan Morgan Taylor Laura Monica Elena Patricia Grace Helen Miriam Sandra Renee Paula Rosa Carmen "
    "Daniel Marcus Peter Victor Samuel Andre Thomas Walter Hector Luis Javier Ahmed Ravi Hiro Kwame Stefan Neil Gordon Brian Keith"
).split()
LAST = (
    "Abbott Alvarez Aoki Banerjee Barlow Beck Bishop Boateng Brandt Calloway Cardenas Castillo Chen Clarke Cortez Dalton Delgado Diaz "
    "Dunn Eastman Ellis Farrow Fischer Flores Garner Gibbs Gomez Greer Hale Hansen Haruki Hayes Herrera Holt Ibarra Ito Jansen Kaplan "
    "Keller Khan Kim Kowalski Lane Larsen Lind Lopez Lowe Lund Marsh Medina Mehta Mercer Molina Moreau Nakata Navarro Nolan Novak "
    "Okafor Olsen Ortega Osei Palmer Park Patel Pena Petrov Pruitt Quinn Ramos Reyes Rivera Rojas Romero Rosen Salas Santos Sato "
    "Serrano Shah Sharp Singh Soto Stone Tanaka Torres Tran Underhill Vance Vargas Vega Walsh Weber Winters Yates Young Zamora"
).split()
STREETS = "Maple Oak Elm Cedar Birch Walnut Chestnut Willow Spruce Laurel Linden Juniper Sycamore Magnolia Poplar Hickory".split()
KINDS = "St Ave Rd Ln Ct Dr".split()
